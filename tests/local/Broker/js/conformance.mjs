// Drives the broker with Azure's own client. Each check has a queue of its own and ends as "passed" or as its error;
// the whole is printed as one JSON object.
import assert from "node:assert/strict";
import { ServiceBusClient } from "@azure/service-bus";

const { BROKER, SHORT_LOCKS } = process.env;
const client = new ServiceBusClient(BROKER, { retryOptions: { maxRetries: 0, timeoutInMs: 20_000 } });
const results = {};
let queues = 0;

const check = async (name, run) => {
  const queue = `jobs-check-${++queues}`;
  const parts = { queue, sender: client.createSender(queue), receiver: client.createReceiver(queue) };
  try {
    await run(parts);
    results[name] = "passed";
  } catch (error) {
    results[name] = error.stack ?? `${error}`;
  } finally {
    await parts.sender.close();
    await parts.receiver.close();
  }
};

// Nothing arrives late: what was acknowledged is there, so a wait only lasts when a check is about to fail.
const receive = (receiver, count = 1) => receiver.receiveMessages(count, { maxWaitTimeInMs: 10_000 });
const receiveOne = async (receiver) => {
  const [message] = await receive(receiver);
  assert.ok(message, "A message was expected.");
  return message;
};
const drained = async (receiver) => assert.deepEqual(await receiver.receiveMessages(1, { maxWaitTimeInMs: 100 }), []);
const deadLetters = (queue) => client.createReceiver(queue, { subQueueType: "deadLetter" });
const refused = async (run, code, text) => {
  const error = await run().then(() => assert.fail("An error was expected."), (reason) => reason);
  assert.equal(error.name, "ServiceBusError", error.stack);
  assert.ok([code].flat().includes(error.code), error.stack);
  assert.match(error.message, text);
};
const simple = {
  text: "grün 🌱", empty: "", int: 42, negative: -7, large: 2 ** 40, real: 0.25, yes: true, no: false, nothing: null,
};

await check("a message is sent, received and completed", async ({ sender, receiver }) => {
  await sender.sendMessages({ body: "one" });
  const message = await receiveOne(receiver);
  assert.equal(message.body, "one");
  assert.equal(message.deliveryCount, 0);
  assert.equal(message.state, "active");
  assert.equal(`${message.sequenceNumber}`, "1");
  assert.match(message.lockToken, /^[0-9a-f-]{36}$/);
  assert.ok(message.lockedUntilUtc > message.enqueuedTimeUtc);
  await receiver.completeMessage(message);
  await drained(receiver);
});

await check("several messages sent at once arrive in order", async ({ sender, receiver }) => {
  await sender.sendMessages([{ body: "a" }, { body: "b" }, { body: "c" }]);
  for (const expected of ["a", "b", "c"]) {
    const message = await receiveOne(receiver);
    assert.equal(message.body, expected);
    await receiver.completeMessage(message);
  }
});

await check("a batch arrives whole and is no larger than the queue takes", async ({ sender, receiver }) => {
  const batch = await sender.createMessageBatch();
  assert.equal(batch.maxSizeInBytes, 65_536);
  let count = 0;
  while (batch.tryAddMessage({ body: `${count}`.padEnd(1_000, "."), messageId: `m${count}` })) {
    count++;
  }
  assert.ok(count > 50 && count < 65, `${count}`);
  await sender.sendMessages(batch);
  const seen = [];
  while (seen.length < count) {
    const messages = await receive(receiver, count - seen.length);
    assert.ok(messages.length > 0);
    for (const message of messages) {
      seen.push(message.messageId);
      await receiver.completeMessage(message);
    }
  }
  assert.deepEqual(seen, Array.from({ length: count }, (_, i) => `m${i}`));
});

await check("a message received and deleted is gone", async ({ queue, sender, receiver }) => {
  await sender.sendMessages([{ body: "first" }, { body: "second" }]);
  const deleting = client.createReceiver(queue, { receiveMode: "receiveAndDelete" });
  const message = await receiveOne(deleting);
  assert.equal(message.body, "first");
  assert.equal(message.lockToken, undefined);
  assert.equal(message.lockedUntilUtc, undefined);
  await deleting.close();
  assert.equal((await receiveOne(receiver)).body, "second");
  await drained(receiver);
});

await check("an abandoned message comes back and counts", async ({ sender, receiver }) => {
  await sender.sendMessages({ body: "again" });
  await receiver.abandonMessage(await receiveOne(receiver));
  const again = await receiveOne(receiver);
  assert.equal(again.body, "again");
  assert.equal(again.deliveryCount, 1);
  await receiver.completeMessage(again);
});

await check("an abandoned message keeps the properties that its receiver changed", async ({ sender, receiver }) => {
  await sender.sendMessages({ body: { n: 1 }, messageId: "kept", applicationProperties: { tries: 0, kept: "yes" } });
  await receiver.abandonMessage(await receiveOne(receiver), { tries: 1, why: "busy" });
  const again = await receiveOne(receiver);
  assert.deepEqual(again.applicationProperties, { tries: 1, kept: "yes", why: "busy" });
  assert.deepEqual(again.body, { n: 1 });
  assert.equal(again.messageId, "kept");
});

await check("a message dead-lettered with a reason is read from the dead letters", async ({ queue, sender, receiver }) => {
  await sender.sendMessages({ body: { n: 1 }, messageId: "bad", contentType: "application/json", timeToLive: 60_000, applicationProperties: simple });
  await receiver.deadLetterMessage(await receiveOne(receiver), {
    deadLetterReason: "BadInput", deadLetterErrorDescription: "It has no model.", seen: 3,
  });
  await drained(receiver);
  const dead = deadLetters(queue);
  const message = await receiveOne(dead);
  assert.equal(message.deadLetterReason, "BadInput");
  assert.equal(message.deadLetterErrorDescription, "It has no model.");
  assert.deepEqual(message.body, { n: 1 });
  assert.equal(message.messageId, "bad");
  assert.equal(message.contentType, "application/json");
  const { DeadLetterReason, DeadLetterErrorDescription, seen, ...rest } = message.applicationProperties;
  assert.deepEqual([DeadLetterReason, DeadLetterErrorDescription, seen], ["BadInput", "It has no model.", 3]);
  assert.deepEqual(rest, simple);
  await dead.completeMessage(message);
  await drained(dead);
  await dead.close();
});

await check("a message dead-lettered without a reason is among the dead letters", async ({ queue, sender, receiver }) => {
  await sender.sendMessages({ body: "bad" });
  await receiver.deadLetterMessage(await receiveOne(receiver));
  const dead = deadLetters(queue);
  assert.equal((await receiveOne(dead)).body, "bad");
  await dead.close();
});

await check("a deferred message is received by its sequence number only", async ({ sender, receiver }) => {
  await sender.sendMessages([{ body: "later" }, { body: "now" }]);
  const deferred = await receiveOne(receiver);
  await receiver.deferMessage(deferred, { why: "order" });
  assert.equal((await receiveOne(receiver)).body, "now");
  const [peeked] = await receiver.peekMessages(1);
  assert.equal(peeked.state, "deferred");
  const [message] = await receiver.receiveDeferredMessages(deferred.sequenceNumber);
  assert.equal(message.body, "later");
  assert.equal(message.deliveryCount, 1);
  assert.equal(message.applicationProperties.why, "order");
  await receiver.completeMessage(message);
  await refused(() => receiver.receiveDeferredMessages(deferred.sequenceNumber), "MessageNotFound", /sequence number/);
});

await check("a renewed lock lasts longer", async ({ sender, receiver }) => {
  await sender.sendMessages({ body: "long" });
  const message = await receiveOne(receiver);
  const before = message.lockedUntilUtc;
  const after = await receiver.renewMessageLock(message);
  assert.ok(after >= before);
  assert.ok(after.getTime() - Date.now() > 50_000);
  await receiver.completeMessage(message);
});

await check("a lost lock is told to who settles or renews", async () => {
  // The second delivery can only come when the lock of the first has ended.
  const hasty = new ServiceBusClient(SHORT_LOCKS, { retryOptions: { maxRetries: 0, timeoutInMs: 20_000 } });
  const [sender, receiver] = [hasty.createSender("requests"), hasty.createReceiver("requests", { maxAutoLockRenewalDurationInMs: 0 })];
  await sender.sendMessages({ body: "slow" });
  const lost = await receiveOne(receiver);
  const again = await receiveOne(receiver);
  assert.equal(again.deliveryCount, 1);
  await refused(() => receiver.renewMessageLock(lost), "MessageLockLost", /lock/);
  await refused(() => receiver.completeMessage(lost), "MessageLockLost", /lock/);
  await hasty.close();
});

await check("a message sent for later is scheduled, then activated", async ({ sender, receiver }) => {
  const at = new Date(Date.now() + 1_500);
  await sender.sendMessages({ body: "later", scheduledEnqueueTimeUtc: at });
  const [peeked] = await receiver.peekMessages(1);
  assert.equal(peeked.state, "scheduled");
  assert.equal(peeked.scheduledEnqueueTimeUtc.getTime?.() ?? peeked.scheduledEnqueueTimeUtc, at.getTime());
  const message = await receiveOne(receiver);
  assert.ok(Date.now() >= at.getTime() - 5);
  assert.equal(message.state, "active");
});

await check("a scheduled message can be cancelled once", async ({ sender, receiver }) => {
  const far = new Date(Date.now() + 3_600_000);
  const [first, second] = await sender.scheduleMessages([{ body: "cancelled" }, { body: "kept" }], far);
  await sender.cancelScheduledMessages(first);
  assert.deepEqual((await receiver.peekMessages(10)).map((message) => message.body), ["kept"]);
  await refused(() => sender.cancelScheduledMessages(first), "MessageNotFound", /sequence number/);
  await sender.cancelScheduledMessages([second]);
  assert.deepEqual(await receiver.peekMessages(10, { fromSequenceNumber: first }), []);
});

await check("a message is peeked without being taken", async ({ sender, receiver }) => {
  await sender.sendMessages([{ body: "a" }, { body: "b" }, { body: "c" }]);
  const [first, second] = await receiver.peekMessages(2);
  assert.deepEqual([first.body, second.body], ["a", "b"]);
  assert.equal(first.lockToken, undefined);
  assert.equal(first.lockedUntilUtc, undefined);
  assert.equal(first.deliveryCount, 0);
  assert.deepEqual((await receiver.peekMessages(5)).map((message) => message.body), ["c"]);
  const again = await receiver.peekMessages(5, { fromSequenceNumber: first.sequenceNumber });
  assert.deepEqual(again.map((message) => message.body), ["a", "b", "c"]);
  assert.equal((await receiveOne(receiver)).body, "a");
});

await check("every property of a message arrives as it was sent", async ({ sender, receiver }) => {
  const sent = {
    body: "all", messageId: "id-1", correlationId: "call-7", contentType: "text/plain", subject: "generate", to: "nobody",
    replyTo: "replies", timeToLive: 3_600_000, partitionKey: "p", replyToSessionId: "r",
  };
  const date = new Date(1_700_000_000_123);
  await sender.sendMessages({ ...sent, applicationProperties: { ...simple, date } });
  const message = await receiveOne(receiver);
  for (const [name, value] of Object.entries(sent)) {
    assert.deepEqual(message[name], value, name);
  }
  assert.deepEqual(message.applicationProperties, { ...simple, date: date.getTime() });
  assert.equal(message.expiresAtUtc.getTime(), message.enqueuedTimeUtc.getTime() + sent.timeToLive);
});

await check("a message without an id gets one, and a number may be one", async ({ sender, receiver }) => {
  await sender.sendMessages([{ body: "none" }, { body: "number", messageId: 17 }]);
  assert.ok((await receiveOne(receiver)).messageId);
  assert.equal((await receiveOne(receiver)).messageId, 17);
});

await check("a body of any form arrives as it was sent", async ({ queue, sender, receiver }) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const bodies = [bytes, "text 🌱", "", { a: [1, 2.5, null, { b: "ü" }], c: true }, [1, "two"], 42, true, null];
  for (const body of bodies) {
    await sender.sendMessages({ body });
  }
  for (const body of bodies) {
    const message = await receiveOne(receiver);
    assert.deepEqual(message.body, body);
    await receiver.completeMessage(message);
  }
  await sender.sendMessages({ bodyType: "value", body: { a: 1 } });
  await sender.sendMessages({ bodyType: "sequence", body: [[1, "two"]] });
  assert.deepEqual((await receiveOne(receiver)).body, { a: 1 });
  assert.deepEqual((await receiveOne(receiver)).body, [[1, "two"]]);
  const raw = client.createReceiver(queue, { skipParsingBodyAsJson: true });
  await sender.sendMessages({ body: { a: 1 } });
  assert.equal(`${(await receiveOne(raw)).body}`, '{"a":1}');
  await raw.close();
});

await check("a message past its time to live is not delivered", async ({ sender, receiver }) => {
  await sender.sendMessages([{ body: "brief", timeToLive: 1 }, { body: "lasting" }]);
  const [first] = await receive(receiver);
  assert.equal(first.body, "lasting");
});

await check("a second message of the same id is dropped", async ({ sender, receiver }) => {
  await sender.sendMessages({ body: "first", messageId: "same" });
  await sender.sendMessages([{ body: "second", messageId: "same" }, { body: "third", messageId: "other" }]);
  assert.equal((await receiveOne(receiver)).body, "first");
  assert.equal((await receiveOne(receiver)).body, "third");
});

await check("a subscriber is called for each message and completes it", async ({ sender, receiver }) => {
  const errors = [];
  const bodies = [];
  await sender.sendMessages(["a", "b", "c", "d"].map((body) => ({ body })));
  await new Promise((done, failed) => {
    const limit = setTimeout(() => failed(new Error(`Only ${bodies} came; ${errors}`)), 10_000);
    receiver.subscribe({
      processMessage: async (message) => {
        bodies.push(message.body);
        if (bodies.length === 4) {
          clearTimeout(limit);
          done();
        }
      },
      processError: async ({ error }) => void errors.push(error),
    }, { maxConcurrentCalls: 2 });
  });
  await receiver.close();
  assert.deepEqual(bodies.sort(), ["a", "b", "c", "d"]);
  assert.deepEqual(errors, []);
});

await check("a receiver that closes keeps its locks", async ({ queue, sender }) => {
  await sender.sendMessages([{ body: "held" }, { body: "free" }]);
  const leaving = client.createReceiver(queue);
  const held = await receiveOne(leaving);
  await leaving.close();
  const next = client.createReceiver(queue);
  assert.equal((await receiveOne(next)).body, "free");
  await drained(next);
  // The link that brought it is gone, so the client settles over $management.
  await next.completeMessage(held);
  await next.close();
});

await check("a message that is too large is refused", async ({ sender, receiver }) => {
  await refused(() => sender.sendMessages({ body: "x".repeat(70_000) }), "MessageSizeExceeded", /65,536/);
  await sender.sendMessages({ body: "small" });
  assert.equal((await receiveOne(receiver)).body, "small");
});

await check("an unknown queue is a clear error", async () => {
  await refused(() => client.createSender("typo").sendMessages({ body: "m" }), "MessagingEntityNotFound", /'typo'/);
  await refused(() => receive(client.createReceiver("typo")), "MessagingEntityNotFound", /'typo'/);
  await refused(() => client.createReceiver("typo").peekMessages(1), "MessagingEntityNotFound", /'typo'/);
});

await check("a session is refused, since queues have none", async ({ queue }) => {
  // The client may see the empty link before it sees why.
  await refused(() => client.acceptSession(queue, "s"), ["GeneralError", "SessionCannotBeLocked"], /session/);
});

await check("nothing is sent to the dead letters", async ({ queue }) => {
  await refused(() => client.createSender(`${queue}/$deadletterqueue`).sendMessages({ body: "m" }), "GeneralError", /dead letters/);
});

await check("each of many connections opens", async () => {
  for (let i = 0; i < 30; i++) {
    const visitor = new ServiceBusClient(BROKER, { retryOptions: { maxRetries: 0, timeoutInMs: 10_000 } });
    await visitor.createSender("requests").sendMessages({ body: "m" });
    await visitor.close();
  }
});

await check("a wrong key is an authorization error", async () => {
  const stranger = new ServiceBusClient(BROKER.replace("SharedAccessKey=", "SharedAccessKey=x"), { retryOptions: { maxRetries: 0 } });
  await refused(() => stranger.createSender("requests").sendMessages({ body: "m" }), "UnauthorizedAccess", /connection string/);
  await refused(() => receive(stranger.createReceiver("requests")), "UnauthorizedAccess", /connection string/);
  await stranger.close();
});

await client.close();
// A check that failed may have left a link open, which would keep the process.
process.stdout.write(JSON.stringify(results, null, 2), () => process.exit(0));
