// Renders every case with a package's template, as Hugging Face's interpreter in JavaScript does.
import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";

const [config, { cases }] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")));
const text = (token) => token?.content ?? token;
const template = new Template(config.chat_template);
const results = Object.entries(cases).map(([name, { tools = null, ...variables }]) => {
  try {
    const tokens = { bos_token: text(config.bos_token), eos_token: text(config.eos_token) };
    return { case: name, expected: template.render({ ...tokens, tools, add_generation_prompt: false, ...variables }) };
  } catch (error) {
    return { case: name, error: error.message };
  }
});
process.stdout.write(JSON.stringify(results));
