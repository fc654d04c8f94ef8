/** One server-sent event. JSON has no line breaks, so the data is one line. @param id comes back as Last-Event-ID */
export const frame = (event: string, id: number, data: unknown): string =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
