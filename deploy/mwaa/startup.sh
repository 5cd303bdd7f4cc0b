#!/bin/sh
# Settings of the DAGs for Amazon MWAA, which runs this script before each process of Airflow (docs/deploy-mwaa.md).
# No secrets here: the connection to Kaltura lies in AWS Secrets Manager.
export KALTURA_PIPELINE_BUCKET=SOURCE-BUCKET
export KALTURA_PIPELINE_STATE_BUCKET=STATE-BUCKET
export KALTURA_PIPELINE_TIME_ZONE=UTC
# Leave KALTURA_PIPELINE_TRANSFER_QUEUE unset: workers of MWAA take one queue, and tasks of another wait for ever.
