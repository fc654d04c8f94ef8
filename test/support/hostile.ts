/** Payloads that are not messages. */
export const hostilePayloads: Readonly<Record<string, Buffer>> = {
  empty: Buffer.alloc(0),
  'broken JSON': Buffer.from('{"id":'),
  'not an object': Buffer.from('[1,2,3]'),
  null: Buffer.from('null'),
  'depth 10,000': Buffer.from('['.repeat(10_000) + ']'.repeat(10_000)),
  'unclosed depth 10,000': Buffer.from('{"a":'.repeat(10_000)),
  'own __proto__': Buffer.from('{"__proto__":{"id":"x","count":1},"constructor":{"prototype":{}}}'),
  'fields of __proto__ only': Buffer.from(
    '{"__proto__":{"id":"550e8400-e29b-41d4-a716-446655440000","timestamp":"2026-07-29T10:30:15Z","message":"m","sender":"s","count":1}}',
  ),
  NUL: Buffer.from('\0\0\0'),
  'invalid UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc3, 0x28, 0x22, 0x7d]),
  'invalid UTF-8 in a message that is good otherwise': Buffer.concat([
    Buffer.from('{"id":"550e8400-e29b-41d4-a716-446655440000","timestamp":"2026-07-29T10:30:15Z","message":"'),
    Buffer.from([0xff]),
    Buffer.from('","sender":"s","count":1}'),
  ]),
  'overlong UTF-8': Buffer.from([0xc0, 0xaf]),
  'ANSI controls': Buffer.from('\u001b[2J\u001b[31mgone\u0007\r\n2026 forged line'),
  'C1 and bidi controls': Buffer.from('\u009b31m \u202etxt.exe\u2066\u2069 \u2028'),
  '1 MB': Buffer.alloc(1024 * 1024, 'x'),
  'binary 1 KB': Buffer.from(Array.from({ length: 1024 }, (_, index) => (index * 7919) % 256)),
  'wrong types': Buffer.from('{"id":1,"timestamp":2,"message":3,"sender":4,"count":"5"}'),
  'negative count': Buffer.from(
    '{"id":"550e8400-e29b-41d4-a716-446655440000","timestamp":"2026-07-29T10:30:15Z","message":"m","sender":"s","count":-1}',
  ),
  'huge count': Buffer.from(
    '{"id":"550e8400-e29b-41d4-a716-446655440000","timestamp":"2026-07-29T10:30:15Z","message":"m","sender":"s","count":1e300}',
  ),
  'no such day': Buffer.from(
    '{"id":"550e8400-e29b-41d4-a716-446655440000","timestamp":"2026-02-30T10:30:15Z","message":"m","sender":"s","count":1}',
  ),
};
