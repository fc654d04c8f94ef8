# One image for both services and the live page; docker-compose.yml says which one a container runs.
FROM node:24-alpine AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.base.json ./
COPY shared/package.json shared/
COPY publisher/package.json publisher/
COPY subscriber/package.json subscriber/
COPY dashboard/package.json dashboard/
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY shared shared
COPY publisher publisher
COPY subscriber subscriber
COPY dashboard dashboard
RUN npm run build && npm run build:page && rm -rf */src dashboard/server dashboard/wire dashboard/page */tsconfig.json
# The packages that run, without their types, source maps and tests.
RUN npm ci --omit=dev --no-audit --no-fund --ignore-scripts -w shared -w publisher -w subscriber -w dashboard
RUN find . -type f \( -name '*.map' -o -name '*.ts' -o -name '*.[cm]ts' -o -name '*.tsbuildinfo' \) -delete && \
    find node_modules -type d \( -name test -o -name tests -o -name __tests__ \) -prune -exec rm -r {} +

FROM node:24-alpine
ENV NODE_ENV=production
WORKDIR /app
# Nothing here installs packages.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn*
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/shared shared
COPY --from=build /app/publisher publisher
COPY --from=build /app/subscriber subscriber
COPY --from=build /app/dashboard dashboard
USER node
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s --retries=3 CMD ["node", "shared/dist/service/healthcheck.js"]
# A small young generation keeps a busy service's memory at about two thirds; it costs no speed.
CMD ["node", "--max-semi-space-size=4", "subscriber/dist/main.js"]
