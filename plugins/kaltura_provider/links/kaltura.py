"""Buttons on a task's page that open what it worked on in Kaltura."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey


class KalturaLink(BaseOperatorLink):
    """A link that the task itself works out, since only the task knows connection and ids.

    Airflow asks for links when a task has ended and shows what it finds under ``xcom_key``. Writing the address there
    as soon as it is known makes the button work while the task still runs, is deferred, or fails later.
    """

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address the task stored, or an empty text if it never came that far.

        :param operator: the task's operator; not needed.
        :param ti_key: which task instance.
        """
        from airflow.sdk.execution_time.xcom import XCom

        return str(XCom.get_value(key=self.xcom_key, ti_key=ti_key) or "")

    @classmethod
    def persist(cls, context: Context, operator: BaseOperator, url: str) -> None:
        """Store the address for this task instance.

        :param context: the task's context.
        :param operator: the task's operator; one that pushes no XComs gets no link either.
        :param url: the address; it must hold nothing secret, as everybody who sees the DAG sees it.
        """
        if operator.do_xcom_push:
            context["ti"].xcom_push(key=cls().xcom_key, value=url)


class KalturaEntryLink(KalturaLink):
    """Open the entry in the Kaltura Management Console."""

    name = "Kaltura Management Console"


class KalturaPlayerLink(KalturaLink):
    """Open a page that plays the entry."""

    name = "Player page"
