import { readdirSync, readFileSync } from 'node:fs';
const dir = process.argv.at(-1);
const texts = readdirSync(dir).sort().map((f) => readFileSync(`${dir}/${f}`, 'utf8'));
const pass = () => { let n = 0; for (const t of texts) n += JSON.parse(t).entry.length; return n; };
pass();
const start = process.hrtime.bigint();
pass();
console.log(Number(process.hrtime.bigint() - start) / 1e9);
