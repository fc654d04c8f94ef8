/**
 * Asks this container's /readyz, or the address that is its argument: exit code 0 if the service is ready, or if HEALTH_PORT=0 has
 * switched it off.
 */
const port = process.env.HEALTH_PORT || '0';
const [, , address = port === '0' ? undefined : `http://127.0.0.1:${port}/readyz`] = process.argv;

const ready =
  address === undefined ||
  (await fetch(address)
    .then((response) => response.ok)
    .catch(() => false));
process.exit(ready ? 0 : 1);
