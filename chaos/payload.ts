import { createHash } from 'node:crypto';

export const sha1 = (payload: Buffer): string => createHash('sha1').update(payload).digest('hex');

/** How a payload is known: by the id in it, or, if there is none, by its SHA-1. */
export function keyOfPayload(payload: Buffer): string {
  try {
    const { id } = JSON.parse(payload.toString('utf8'));
    if (typeof id === 'string') return id;
  } catch {}
  return sha1(payload);
}
