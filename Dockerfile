# One image for the server and for the workers of a study service. Not run here: no container engine was available.
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 automl
WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY automl ./automl
RUN pip install --no-cache-dir --constraint constraints.txt ".[postgres,remote]"

USER automl
ENV PYTHONUNBUFFERED=1 MLFLOW_DISABLE_TELEMETRY=true
VOLUME /data
WORKDIR /data
EXPOSE 8765
ENTRYPOINT ["automl"]
CMD ["serve", "--help"]
