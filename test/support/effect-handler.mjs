import { createClient } from 'redis';

const redis = createClient({ socket: { host: process.env.REDIS_HOST, port: Number(process.env.REDIS_PORT) } });
redis.on('error', () => {});
await redis.connect();

/** A handler for HANDLER with an effect of its own, which nobody undoes: it notes the message's id in the list `effects`. */
export default async function handle({ id }) {
  await redis.rPush('effects', id);
}
