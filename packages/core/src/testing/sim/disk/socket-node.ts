/** The file of a Unix socket: a name that leads to a listener, or to none when its process is gone. */

export class SocketNode {
  readonly isDirectory = false;
  readonly isSocket = true;
  readonly size = 0;
  /** Permission bits. */
  readonly mode: number;

  constructor(mode: number) {
    this.mode = mode;
  }
}
