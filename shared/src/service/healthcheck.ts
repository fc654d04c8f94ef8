/** Asks this container's /readyz: exit code 0 if the service is ready, or if HEALTH_PORT=0 has switched it off. */
const port = process.env.HEALTH_PORT || '0';

const ready =
  port === '0' ||
  (await fetch(`http://127.0.0.1:${port}/readyz`)
    .then((response) => response.ok)
    .catch(() => false));
process.exit(ready ? 0 : 1);
