/** The options of compression, apart from what works by them: zlib is loaded only when they are used. */

import { rules, type OptionTable } from '@awaitio/core/lowlevel';

/**
 * Compression of messages with permessage-deflate (RFC 7692).
 *
 * Both sides have to want it; `socket.extensions` says what was agreed on. `limits.inflatedBytes` and `limits.compressionRatio` bound
 * what a peer’s messages expand to. Do not compress secrets together with text of a peer’s choice: the length tells what they have in
 * common.
 */
export interface CompressionSettings {
  /** Messages of fewer bytes are sent as they are. @default 1024 */
  readonly threshold: number;
  /** Messages of more bytes are sent as they are: one is compressed in one go, while nothing else runs. @default 1048576 */
  readonly ceiling: number;
  /** How hard zlib tries: 1 is the fastest, 9 has the smallest result. @default 3 */
  readonly level: number;
  /**
   * Whether messages may refer to earlier ones, in both directions. Similar messages become much smaller; a connection keeps up to
   * 300 KiB of memory for it until it ends. @default false
   */
  readonly contextTakeover: boolean;
  /** The binary logarithm of the largest distance that messages refer back, in both directions: 9 to 15. @default 15 */
  readonly windowBits: number;
}

/** Some of {@link CompressionSettings}; an empty object turns compression on as it is. */
export type CompressionOptions = {
  readonly [Name in keyof CompressionSettings]?: CompressionSettings[Name] | undefined;
};

/** The defaults of {@link CompressionSettings}. */
export const DEFAULT_COMPRESSION: CompressionSettings = Object.freeze({
  threshold: 1_024,
  ceiling: 1_048_576,
  level: 3,
  contextTakeover: false,
  windowBits: 15,
});

/** What {@link CompressionSettings} may be. */
export const COMPRESSION: OptionTable<CompressionSettings> = {
  threshold: rules.whole(0),
  ceiling: rules.count,
  level: rules.whole(1, 9),
  contextTakeover: rules.flag,
  windowBits: rules.whole(9, 15),
};
