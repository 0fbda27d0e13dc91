/** No EndpointSlice is near this: one holds at most 1,000 endpoints. */
const LONGEST_LINE_BYTES = 8 * 1024 * 1024;

/** The lines of a stream; throws when one is too long. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  longestBytes: number = LONGEST_LINE_BYTES,
): AsyncGenerator<string> {
  const rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest.splice(0), chunk.subarray(from, end)]).toString('utf8');
      restBytes = 0;
      from = end + 1;
    }
    rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > longestBytes) throw new Error(`a line is longer than ${longestBytes} bytes`);
  }
}
