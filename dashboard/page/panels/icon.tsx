/** Paths on a grid of 16. */
const PATHS = {
  kill: 'M4 4l8 8M12 4l-8 8',
  freeze: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5l7 4.5-7 4.5z',
  cut: 'M2 8h4M10 8h4M7 4.5l2 7',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  stop: 'M4.5 4.5h7v7h-7z',
  step: 'M4 3.5l5 4.5-5 4.5zM12 3.5v9',
  close: 'M4 4l8 8M12 4l-8 8',
  info: 'M8 7.2v4.3M8 4.5v.2M8 14.2a6.2 6.2 0 100-12.4 6.2 6.2 0 000 12.4z',
  more: 'M3.2 8h.1M8 8h.1M12.8 8h.1',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  link: 'M6.5 9.5l3-3M7 5l1.6-1.6a2.6 2.6 0 013.9 3.9L11 9M9 11l-1.6 1.6a2.6 2.6 0 01-3.9-3.9L5 7',
} as const;

/** A small sign beside a word: it says nothing to screen readers. */
export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
