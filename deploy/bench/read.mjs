import { readdirSync, readFileSync } from 'node:fs';
const dir = process.argv.at(-1);
let n = 0;
for (const f of readdirSync(dir)) n += JSON.parse(readFileSync(`${dir}/${f}`, 'utf8')).entry.length;
console.log(n);
