import { growth, type Story, settle } from './story.ts';

/** Redis is stopped, and started again, while messages are made. */
export const redisDies: Story = {
  name: 'redis-dies',
  title: 'Redis dies',
  question:
    'Redis stops for some seconds while five messages per second are made. What becomes of those made meanwhile?',
  answers: [
    { text: 'Pub/Sub drops them; the others come when Redis is back', isRight: true },
    { text: 'All of them are lost', isRight: false },
    { text: 'All of them come when Redis is back', isRight: false },
  ],
  needs: ['stop-redis', 'start-redis'],
  steps: [
    {
      say: 'Five messages per second are made.',
      do: async (demo) => {
        await demo.control('publisher', 'interval', 0.2);
        await demo.control('publisher', 'resume');
      },
    },
    {
      say: 'Redis stops. The publisher goes on; here nobody is heard.',
      do: (demo) => demo.request('stop-redis'),
    },
    {
      say: 'Redis starts again, with all that it had confirmed.',
      do: (demo) => demo.request('start-redis'),
    },
    {
      say: 'The services are back.',
      until: ({ isRedisUp, subscribers }) => isRedisUp && subscribers.some(({ isUp }) => isUp),
    },
    { say: 'The publisher pauses.', do: (demo) => demo.control('publisher', 'pause') },
    settle,
  ],
  verdictOf({ guarantees }, before, after) {
    const { made, refused, handled, lost, unconfirmed, unexplained } = growth(before, after);
    const rest = [
      ...(refused > 0 ? [`${refused} refused`] : []),
      ...(lost > 0 ? [`${lost} lost`] : []),
      ...(unconfirmed > 0 ? [`${unconfirmed} unconfirmed`] : []),
    ];
    const isAsPromised = guarantees.keepsUnread ? handled + unconfirmed + lost === made && refused === 0 : refused > 0;
    return {
      text: [`${made} made`, `${handled} handled`, ...rest].join(', '),
      isAsPromised: isAsPromised && unexplained === 0,
    };
  },
  moral:
    'A publisher can keep messages for a queue while Redis is down, because being late is no loss there. For Pub/Sub it would make no sense: its listeners cannot be reached, either.',
};
