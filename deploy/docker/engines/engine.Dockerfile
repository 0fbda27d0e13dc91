# An engine out of Debian packages, in place of the image of the same engine that compose.yaml names.
FROM scratch
ARG ENGINE
ARG USER
ARG DATA
COPY . /
# A new volume takes its owner from here.
RUN mkdir -p "$DATA" && chown -R "$USER" "$DATA"
ENV ENGINE=$ENGINE DATA=$DATA PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
USER $USER
ENTRYPOINT ["/entrypoint"]
