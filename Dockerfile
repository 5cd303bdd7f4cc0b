# Airflow's own image with this project installed at the paths that docker-compose.yaml mounts.
FROM apache/airflow:3.3.2-python3.12

COPY --chown=airflow:0 requirements.txt /opt/airflow/kaltura/requirements.txt
RUN pip install --no-cache-dir -r /opt/airflow/kaltura/requirements.txt

COPY --chown=airflow:0 pyproject.toml README.md LICENSE /opt/airflow/kaltura/
COPY --chown=airflow:0 plugins /opt/airflow/kaltura/plugins
COPY --chown=airflow:0 include /opt/airflow/kaltura/include
COPY --chown=airflow:0 dags /opt/airflow/kaltura/dags
# Editable: the mounted sources are the ones that run, under one identity.
RUN pip install --no-cache-dir --no-deps --editable /opt/airflow/kaltura

ENV AIRFLOW__CORE__DAGS_FOLDER=/opt/airflow/kaltura/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/airflow/kaltura/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False
