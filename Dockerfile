# syntax=docker/dockerfile:1
# One image for every role: python -m bot, python -m worker, python -m webhooks, alembic upgrade head.
FROM python:3.12-slim AS packages

# Every package is a wheel whose hash stands in the lock file: nothing is compiled, nothing else is let in.
COPY requirements-uv.lock requirements.lock /packages/
RUN python -m venv /packages/uv \
    && /packages/uv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
        -r /packages/requirements-uv.lock \
    && python -m venv --without-pip /opt/venv \
    && /packages/uv/bin/uv pip install --python /opt/venv/bin/python --no-cache --compile-bytecode \
        --require-hashes --only-binary :all: -r /packages/requirements.lock


FROM python:3.12-slim

RUN groupadd --system --gid 10001 tracker \
    && useradd --system --uid 10001 --gid tracker --home-dir /app --no-create-home --shell /usr/sbin/nologin tracker \
    && install -d -o tracker -g tracker /app/var

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1

COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY alembic.ini run.py house.py ./
COPY migrations/ migrations/
COPY tracker/ tracker/
COPY bot/ bot/
COPY worker/ worker/
COPY webhooks/ webhooks/
COPY deploy/__init__.py deploy/healthcheck.py deploy/
# The file system is read-only where it runs, so the code is compiled here.
RUN python -m compileall -q /app

USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["python", "-m", "deploy.healthcheck"]

# Without a role: everything in one process, with SQLite in /app/var (mount a volume there).
# docker-compose.yml names the roles.
CMD ["python", "run.py"]
