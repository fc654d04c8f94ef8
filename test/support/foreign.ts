/** A message as somebody else's publisher writes it. */
export const foreign = (count: number, sender = 'python-publisher') =>
  JSON.stringify({
    sender,
    priority: 'high',
    count,
    message: `Hello from Python #${count}`,
    timestamp: new Date().toISOString().replace('Z', '456'),
    id: crypto.randomUUID(),
  });
