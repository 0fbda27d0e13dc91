// Loaded into a gateway beside its program: tells how much its heap holds after the garbage is gone.
process.on('message', (message) => {
  if (message !== 'heap?') return;
  for (let round = 0; round < 4; round++) globalThis.gc();
  setImmediate(() => {
    globalThis.gc();
    process.send({ type: 'heap', bytes: process.memoryUsage().heapUsed });
  });
});
