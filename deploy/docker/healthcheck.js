// HEALTHCHECK of every app image: ends with 0 when the app says that it is ready.
const answer = await fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`, {
  signal: AbortSignal.timeout(2_500),
}).catch((error) => ({ ok: false, status: error.message }));
if (!answer.ok) console.error(`not ready: ${answer.status}`);
process.exit(answer.ok ? 0 : 1);
