import { useEffect, useRef } from 'preact/hooks';
import type { Stage } from '../stage/stage.ts';
import { select } from '../state/actions.ts';
import { patterns, services } from '../state/store.ts';
import { Heads } from './heads.tsx';
import { Lane } from './lane.tsx';

/** The lanes, and the canvas over them. */
export function StageView({ stage }: { readonly stage: Stage }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => stage.attach(canvas.current as HTMLCanvasElement), [stage]);
  const names = new Set(services.value.flatMap(({ snapshot }) => Object.keys(snapshot.patterns)));
  const shown = patterns.value
    .map((pattern, index) => ({ pattern, index }))
    .filter(({ pattern }) => names.has(pattern.name));
  useEffect(() => stage.moved(), [stage, shown.length]);
  const click = ({ currentTarget, clientX, clientY }: MouseEvent) => {
    const { left, top } = (currentTarget as HTMLElement).getBoundingClientRect();
    const found = stage.find(clientX - left, clientY - top);
    if (found) void select(found.key, found.count);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: by keyboard, the last messages are buttons beside
    <div class="stage" onClick={click}>
      <Heads />
      {shown.map(({ pattern, index }) => (
        <Lane key={pattern.name} pattern={pattern} index={index} />
      ))}
      {shown.length === 0 && (
        <p class="empty">Nobody is heard yet. As soon as a publisher and a subscriber run, their messages are here.</p>
      )}
      <canvas
        ref={canvas}
        role="img"
        aria-label="The messages on their way: what they show is said in the lanes, too"
      />
    </div>
  );
}
