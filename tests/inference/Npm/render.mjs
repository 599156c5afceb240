// Renders every case with the template of every package, as the packages' own interpreter does.
import { readFileSync } from "node:fs";
import { TokenizerLoader } from "@lenml/tokenizers";

const [packages, casesFile] = [process.argv[2].split(","), process.argv[3]];
const { cases } = JSON.parse(readFileSync(casesFile, "utf8"));
const results = [];
for (const name of packages) {
  const read = (file) => JSON.parse(readFileSync(`node_modules/@lenml/tokenizer-${name}/models/${file}.json`, "utf8"));
  const config = read("tokenizer_config");
  // Rendering needs no vocabulary; a small one loads at once.
  const tokenizer = TokenizerLoader.fromPreTrained({ tokenizerJSON: small(read("tokenizer")), tokenizerConfig: config });
  for (const [key, { messages, tools, add_generation_prompt, ...variables }] of Object.entries(cases)) {
    const result = { template: name, case: key };
    try {
      result.expected = tokenizer.apply_chat_template(messages, { tools, add_generation_prompt, tokenize: false, ...variables });
    } catch (error) {
      result.error = error.message;
    }
    results.push(result);
  }
}
process.stdout.write(JSON.stringify(results));

function small(data) {
  return { ...data, model: { ...data.model, merges: [] } };
}
