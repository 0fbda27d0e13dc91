/** Calls `onStop` once, with why, when the process is told to end: SIGTERM, SIGINT, or its parent is gone. */
export function onStopRequest(onStop: (reason: string) => void): void {
  let told = false;
  const tell = (reason: string) => () => {
    if (told) return;
    told = true;
    onStop(reason);
  };
  process.on('SIGTERM', tell('SIGTERM'));
  process.on('SIGINT', tell('SIGINT'));
  if (process.send !== undefined) {
    const parentGone = tell('the parent process is gone');
    process.on('disconnect', parentGone);
    if (!process.connected) parentGone();
  }
}
