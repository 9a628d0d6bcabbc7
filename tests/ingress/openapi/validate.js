import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";

const document = JSON.parse(readFileSync(process.argv[2], "utf8"));
const validator = new Validator();
const result = await validator.validate(document);
if (!result.valid) {
  console.error(typeof result.errors === "string" ? result.errors : JSON.stringify(result.errors, null, 2));
  process.exit(1);
}
if (validator.version !== "3.1") {
  console.error(`the document is of OpenAPI ${validator.version}, not 3.1`);
  process.exit(1);
}
// References that lead nowhere throw here.
validator.resolveRefs();
console.log(`valid OpenAPI ${validator.version}: ${Object.keys(document.paths).length} paths`);
