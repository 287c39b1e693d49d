# A small image of the importer, without root and without build tools:
#
#   docker build -t rating-importer .
#   docker run --rm -i rating-importer run - --out - --dry-run --to sandbox <ratings.csv >results.csv
#
# compose.yaml shows the nightly sync, docs/operations.md the rest.

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY importer ./importer
RUN python -m venv /opt/importer \
    && /opt/importer/bin/pip install --no-cache-dir -c constraints.txt '.[fast,notify,xlsx]' \
    && /opt/importer/bin/pip uninstall --yes pip

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
ENTRYPOINT ["importer"]
CMD ["--help"]
