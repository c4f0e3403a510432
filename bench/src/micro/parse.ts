/** Takes the bytes of one whole request and says how many header fields it has. */
export type Parse = (request: Buffer) => number;
