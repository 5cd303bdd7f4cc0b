# Airflow's own image with this project installed at the paths that docker-compose.yaml mounts.
FROM apache/airflow:3.3.2-python3.12 AS pipeline

COPY --chown=airflow:0 requirements.txt /opt/airflow/kaltura/requirements.txt
# The version of Airflow is repeated, so that nothing can move it.
RUN pip install --no-cache-dir "apache-airflow==${AIRFLOW_VERSION}" -r /opt/airflow/kaltura/requirements.txt

COPY --chown=airflow:0 pyproject.toml README.md LICENSE /opt/airflow/kaltura/
COPY --chown=airflow:0 plugins /opt/airflow/kaltura/plugins
COPY --chown=airflow:0 include /opt/airflow/kaltura/include
COPY --chown=airflow:0 dags /opt/airflow/kaltura/dags
# Editable: the mounted sources are the ones that run, under one identity. The folder for passwords is made here, so that
# its volume belongs to the user that Airflow runs as.
RUN pip install --no-cache-dir --no-deps --editable /opt/airflow/kaltura \
    && mkdir -p /opt/airflow/auth /opt/airflow/sandbox

ENV AIRFLOW__CORE__DAGS_FOLDER=/opt/airflow/kaltura/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/airflow/kaltura/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False
USER 50000

# The same with a local Kaltura and a local S3, for `docker compose --profile sandbox`.
FROM pipeline AS sandbox
COPY --chown=airflow:0 requirements-sandbox.txt /opt/airflow/kaltura/requirements-sandbox.txt
RUN pip install --no-cache-dir -r /opt/airflow/kaltura/requirements-sandbox.txt
USER 50000
