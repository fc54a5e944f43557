# docker build -t causal-service .
# The image runs `serve` in shared mode: every request needs a key (docs/deployment/README.md).

FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/causal
WORKDIR /src
# Dependencies first: they change less often than the code.
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN mkdir causal_service && touch causal_service/__init__.py \
 && /opt/causal/bin/pip install --constraint constraints.txt ".[traces,heterogeneity]" \
 && /opt/causal/bin/pip uninstall --yes causal-service
COPY causal_service causal_service
RUN /opt/causal/bin/pip install --no-deps . \
 && /opt/causal/bin/python -m compileall -q /opt/causal/lib

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 causal && useradd --uid 10001 --gid causal --no-log-init --home-dir /data causal \
 && install -d -o causal -g causal -m 700 /data
COPY --from=build /opt/causal /opt/causal
# Compiled kernels are kept in the data folder; bounded libraries, because a study brings its own threads.
ENV PATH=/opt/causal/bin:$PATH PYTHONUNBUFFERED=1 NUMBA_CACHE_DIR=/data/kernels OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
    CAUSAL_MODE=shared CAUSAL_HOST=0.0.0.0 CAUSAL_PORT=8000 CAUSAL_DATA=/data
USER causal
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['CAUSAL_PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["causal-service"]
CMD ["serve"]
