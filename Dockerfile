# The distributor in an image: built in one stage, run in another that has only what it needs.
#
#   docker build -t medialive-distributor .      or      make image
#
# BASE is any Debian 12 or 13 image; both stages start from it.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY tools/install-deps.sh tools/
RUN tools/install-deps.sh build
COPY . .
RUN make -j"$(nproc)" PREFIX=/usr && \
    make PREFIX=/usr DESTDIR=/out install && \
    install -m 755 tools/container/*.sh /out/usr/share/medialive-distributor/ && \
    strip /out/usr/bin/medialive-distributor /out/usr/bin/media-source && \
    tools/runtime-packages.sh /out/usr/bin/medialive-distributor /out/usr/bin/media-source >/packages

FROM ${BASE}
COPY --from=build /packages /tmp/packages
# curl is for the health check, ca-certificates for rtmps://.
RUN apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive xargs apt-get install -y -qq --no-install-recommends \
      ca-certificates curl libcap2-bin </tmp/packages >/dev/null && \
    apt-get clean && \
    rm -rf /tmp/packages /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log && \
    groupadd --system --gid 8000 medialive-distributor && \
    useradd --system --uid 8000 --gid 8000 --home-dir /var/lib/medialive-distributor --no-create-home \
      --shell /usr/sbin/nologin medialive-distributor && \
    install -d -o 8000 -g 8000 -m 750 /var/lib/medialive-distributor
COPY --from=build /out/ /
# Permitted, not effective: where a container is given fewer capabilities the kernel would refuse to start the
# program otherwise. So it starts, says what is missing, and receives through kernel sockets.
RUN setcap cap_bpf,cap_net_admin,cap_net_raw,cap_perfmon,cap_ipc_lock=p /usr/bin/medialive-distributor

ENV DISTRIBUTOR_CONFIG_DIR=/var/lib/medialive-distributor
VOLUME /var/lib/medialive-distributor
EXPOSE 8000/tcp 5000-5025/udp
USER 8000:8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/usr/share/medialive-distributor/health.sh"]
ENTRYPOINT ["/usr/bin/medialive-distributor"]
