# Two images of one build: the service (the last stage, hence the default) and `--target train`, which runs any command
# in /work. Both are for linux/amd64 and linux/arm64; nothing of the target platform is executed during the build.
#
#   docker build -t pawprint .                          docker run -p 127.0.0.1:8000:8000 pawprint
#   docker build -t pawprint-train --target train .     docker run -v "$PWD:/work" --user "$(id -u):$(id -g)" pawprint-train train --data pictures

FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build
# A model to try the service with. It knows drawings of cats and dogs, no photographs.
RUN node dist/cli/main.js quickstart --no-serve && mv models/quickstart.onnx models/embedded-sample.onnx

FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS dependencies
ARG TARGETARCH
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/with-optional-packages.mjs scripts/
# npm calls amd64 x64. The engine's package brings the binaries of every platform: one is kept, and of it what the CPU needs.
RUN cpu="$(echo "$TARGETARCH" | sed 's/^amd64$/x64/')" \
  && node scripts/with-optional-packages.mjs \
  && npm install --omit=dev --no-audit --no-fund --os=linux --cpu="$cpu" --libc=glibc \
  && cd node_modules/onnxruntime-node/bin \
  && find . -type f ! -path "*/linux/$cpu/*" -delete \
  && find . -type f \( -name '*cuda*' -o -name '*tensorrt*' \) -delete \
  && find . -type d -empty -delete \
  && test -n "$(find . -name onnxruntime_binding.node)" \
  && test -d "/app/node_modules/@img/sharp-linux-$cpu" \
  && mkdir -p /licenses/sharp-libvips \
  && cp "/app/node_modules/@img/sharp-libvips-linux-$cpu/README.md" "/app/node_modules/@img/sharp-libvips-linux-$cpu/versions.json" \
    "/app/node_modules/@img/sharp-libvips-linux-$cpu/package.json" /licenses/sharp-libvips/

FROM node:24-bookworm-slim AS program
ARG GIT_COMMIT=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="pawprint" \
  org.opencontainers.image.description="Trains image classifiers and serves them over HTTP, on ONNX Runtime." \
  org.opencontainers.image.source="https://github.com/pawprint-ml/pawprint" \
  org.opencontainers.image.licenses="MIT AND LGPL-3.0-or-later" \
  org.opencontainers.image.revision="$GIT_COMMIT" \
  org.opencontainers.image.version="$VERSION"
ENV NODE_ENV=production \
  PAWPRINT_GIT_COMMIT="$GIT_COMMIT"
WORKDIR /app
COPY --from=dependencies /licenses /licenses
COPY --from=dependencies /app/node_modules node_modules
COPY LICENSE /licenses/pawprint/LICENSE
COPY package.json LICENSE ./
COPY bin bin
COPY templates templates
COPY --from=build /build/dist dist
STOPSIGNAL SIGTERM

FROM program AS train
# Any user may write there, so that `--user` can be that of a mounted folder.
RUN mkdir -m 1777 /work
VOLUME /work
WORKDIR /work
ENV HOME=/work
USER 1000:1000
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["--help"]

FROM program AS service
LABEL io.pawprint.embedded-model="sample: trained on drawings of cats and dogs, to try the service only; set PAWPRINT_SERVE_MODEL or mount a bundle at /models"
COPY --from=build /build/models/embedded-sample.onnx /app/models/embedded-sample.onnx
# A bundle, a folder of bundles, models:/NAME@ALIAS, or https://HOST/NAME.onnx#sha256=HEX.
ENV PAWPRINT_SERVE_MODEL=/app/models/embedded-sample.onnx \
  PAWPRINT_SERVE_HOST=0.0.0.0 \
  PAWPRINT_SERVE_PORT=8000
EXPOSE 8000
# A volume here takes its mode, so that any user may keep a prediction log in it.
RUN mkdir -m 1777 /predictions
USER 1000:1000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/dist/cli/main.js", "health", "http://127.0.0.1:8000"]
CMD ["node", "dist/cli/main.js", "serve"]
