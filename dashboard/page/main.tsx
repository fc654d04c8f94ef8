import { render } from 'preact';
import { App } from './app.tsx';
import { Stage } from './stage/stage.ts';
import { followServer } from './state/feed.ts';
import { followAddress } from './state/link.ts';
import './style/page.css';

const stage = new Stage();
const place = document.getElementById('page') as HTMLElement;
place.replaceChildren();
render(<App stage={stage} />, place);
followServer({
  began: (recent) => stage.began(recent),
  happened: (happened) => stage.happened(happened),
});
followAddress();
