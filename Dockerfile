# A small image of the importer, without root and without build tools:
#
#   docker build -t rating-importer .
#   docker build -t rating-importer-fleet --build-arg FLEET=1 .      # with what `importer fleet` needs
#   docker run --rm -i rating-importer run - --out - --dry-run --to sandbox <ratings.csv >results.csv
#
# compose.yaml has the nightly sync and the web page, docs/operations.md the rest.

FROM python:3.13-slim AS build
ARG FLEET=
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY locks ./locks
COPY release ./release
COPY importer ./importer
# The libraries by their hashes, into an environment without pip; then the wheel, built with the locked tools.
RUN python -m venv --without-pip /opt/importer \
    && python -m venv /build \
    && /build/bin/pip install --no-cache-dir --require-hashes -r locks/build.lock \
    && /build/bin/python -m hatchling build -t wheel -d /dist \
    && /build/bin/pip --python /opt/importer/bin/python install --no-cache-dir --require-hashes -r requirements.lock \
        ${FLEET:+-r locks/fleet.lock} \
    && /build/bin/pip --python /opt/importer/bin/python install --no-deps --no-index /dist/*.whl

FROM python:3.13-slim
# The state folder belongs to the user before it becomes a volume: a new volume takes that over.
RUN pip uninstall --yes --root-user-action=ignore pip \
    && useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin importer \
    && install -d -o importer -g importer -m 0700 /state \
    && install -d -o importer -g importer /data
COPY --from=build /opt/importer /opt/importer
# There is no keyring in here: tokens are kept in the state folder, for its owner only.
ENV PATH=/opt/importer/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring \
    IMPORTER_STATE_DIR=/state \
    XDG_CONFIG_HOME=/config
USER importer
VOLUME /state
WORKDIR /data
# Unhealthy where the settings are wrong, the state folder cannot be used, or the last run of a job was stopped.
HEALTHCHECK --interval=5m --timeout=30s --start-period=30s CMD ["importer", "doctor", "--check"]
ENTRYPOINT ["importer"]
CMD ["--help"]
