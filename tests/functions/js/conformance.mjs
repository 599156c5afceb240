// Drives the API with OpenAI's own client and prints what came back as one JSON object.
import OpenAI from "openai";

const model = "smollm2-135m-instruct";
const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, maxRetries: 0, timeout: 60_000 });
const messages = [{ role: "user", content: "Name three colours." }];
const chat = { model, messages, max_tokens: 12, temperature: 0 };

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { type: error.constructor.name, status: error.status, code: error.code, param: error.param, requestId: error.requestID ?? null };
  }
}

async function abort() {
  const stream = await client.chat.completions.create({ ...chat, max_tokens: 1500, ignore_eos: true, stream: true, seed: 99, messages: [{ role: "user", content: "Count." }] });
  for await (const chunk of stream) {
    stream.controller.abort();
    return chunk.id;
  }
}

const results = {
  plain: await client.chat.completions.create(chat),
  stream: await collect(await client.chat.completions.create({ ...chat, stream: true })),
  usage: await collect(await client.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } })),
  n: await client.chat.completions.create({ ...chat, n: 2, temperature: 1, seed: 3 }),
  streamedN: await collect(await client.chat.completions.create({ ...chat, n: 2, temperature: 1, seed: 3, stream: true }, { headers: { "Cache-Control": "no-store" } })),
  logprobs: await client.chat.completions.create({ ...chat, max_completion_tokens: 4, max_tokens: undefined, logprobs: true, top_logprobs: 3 }),
  stop: await client.chat.completions.create({ ...chat, max_tokens: 64, stop: [" ", "\n"] }),
  seeds: await Promise.all([7, 7].map((seed) => client.chat.completions.create({ ...chat, seed, temperature: 1 }, { headers: { "Cache-Control": "no-store" } }))),
  helper: await client.chat.completions.stream(chat).finalContent(),
  completion: await client.completions.create({ model, prompt: "The capital of France is", max_tokens: 6, temperature: 0 }),
  streamedCompletion: await collect(await client.completions.create({ model, prompt: "The capital of France is", max_tokens: 6, temperature: 0, stream: true })),
  completionList: await client.completions.create({ model, prompt: ["One", "Two"], max_tokens: 3, temperature: 0, n: 2, logprobs: 2 }),
  completionTokens: await client.completions.create({ model, prompt: [504, 3575, 282], max_tokens: 3, temperature: 0 }),
  models: (await client.models.list()).data,
  retrieved: await client.models.retrieve(model),
  notFound: await failure(() => client.chat.completions.create({ ...chat, model: "nothing" })),
  noModel: await failure(() => client.models.retrieve("nothing")),
  unauthorised: await failure(() => new OpenAI({ baseURL: process.env.BASE_URL, apiKey: "sk-wrong-wrong-wrong", maxRetries: 0 }).models.list()),
  badRequest: await failure(() => client.chat.completions.create({ ...chat, temperature: 3 })),
  badStream: await failure(() => client.chat.completions.create({ ...chat, stream: true, messages: [{ role: "user", content: "many words ".repeat(8000) }] })),
  aborted: await abort(),
};
console.log(JSON.stringify(results));
