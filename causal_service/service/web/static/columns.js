// What the columns of a text file are called, and which of them look like entity and period; a proposal, never a decision.

const HEAD_BYTES = 65536;
const PERIOD = /^(19|20)\d{2}([-/.年]?\s?(0?[1-9]|1[0-2]|Q[1-4]|W\d{1,2}|[1-4]季度)?([-/.月]\d{1,2}日?)?月?)$/i;
const NUMBER = /^[-+−]?[¥￥$]?[\d,，.]+\s?[%％]?$/;

async function head(file) {
  const part = file.slice(0, HEAD_BYTES);
  const stream = file.name.endsWith(".gz") ? part.stream().pipeThrough(new DecompressionStream("gzip")) : part.stream();
  const reader = stream.getReader();
  const pieces = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      pieces.push(value);
    }
  } catch {
    // the slice ends inside the compressed stream: what came out is enough
  }
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer()).subarray(0, HEAD_BYTES);
  return bytes.includes(0) && !(bytes[0] >= 0xfe) ? "" : decoded(bytes);
}

function decoded(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("gb18030").decode(bytes, { stream: true });
  }
}

function cells(line, separator) {
  const found = [];
  let cell = "";
  let quoted = false;
  for (const sign of line) {
    if (sign === '"') quoted = !quoted;
    else if (sign === separator && !quoted) {
      found.push(cell.trim());
      cell = "";
    } else cell += sign;
  }
  return [...found, cell.trim()];
}

export async function columnsOf(file) {
  const text = (await head(file)).replace(/^\ufeff/, "");
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim());
  if (lines.length < 3) return { names: [], entity: "", period: "" };
  const separator = [",", "\t", ";", "|"].map((sign) => [cells(lines[0], sign).length, sign]).sort((a, b) => b[0] - a[0])[0][1];
  const names = cells(lines[0], separator);
  const rows = lines.slice(1, lines.length - 1).slice(0, 200).map((line) => cells(line, separator));
  const column = (index) => rows.map((row) => row[index] ?? "").filter((cell) => cell !== "");
  const all = (index, test) => column(index).length > 0 && column(index).every(test);
  const period = names.findIndex((_, index) => all(index, (cell) => PERIOD.test(cell)));
  const entity = names.findIndex((_, index) => index !== period && all(index, (cell) => !NUMBER.test(cell)));
  return { names, entity: names[entity] ?? "", period: names[period] ?? "" };
}
