"""What somebody writes with redis-py: client.py PORT send|receive pubsub|queue|stream TOPIC [TEXT]"""

import json
import sys
import uuid
from datetime import datetime, timezone

import redis

port, verb, pattern, topic, *text = sys.argv[1:]
client = redis.Redis(port=int(port), decode_responses=True)


def message():
    now = datetime.now(timezone.utc).isoformat()
    fields = {"id": str(uuid.uuid4()), "timestamp": now, "message": text[0], "sender": "python", "count": 1}
    return json.dumps(fields)


def hear():
    channel = client.pubsub(ignore_subscribe_messages=True)
    channel.subscribe(topic)
    return next(heard["data"] for heard in channel.listen() if heard)


actions = {
    ("send", "pubsub"): lambda: client.publish(topic, message()),
    ("send", "queue"): lambda: client.rpush(topic, message()),
    ("send", "stream"): lambda: client.xadd(topic, {"payload": message()}),
    ("receive", "pubsub"): hear,
    ("receive", "queue"): lambda: client.blpop(topic)[1],
    ("receive", "stream"): lambda: client.xread({topic: "0"}, block=0)[0][1][0][1]["payload"],
}
print(actions[verb, pattern]())
