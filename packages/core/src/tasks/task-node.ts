/**
 * A task's place: the tree that aborts follow, and the scope that its function runs in.
 *
 * The scope of a task is nested in nothing. An abort reaches it through the tree, and is the task's outcome as well; a scope that
 * happens to surround the call of `spawn` is none of its business, unless the task belongs to a group in it.
 *
 * Where a shield stands between a task and its child, an abort of the parent does not reach the child.
 */

import type { Clock } from '../vocabulary/clock.ts';
import { currentScope, isShieldedWithin, isWithin } from '../waiting/ambient.ts';
import { Scope } from '../waiting/scope.ts';

/** Those that an abort of their parent does not reach: few, and a field of each task takes time. */
const shielded = new WeakSet<TaskNode>();

export abstract class TaskNode {
  readonly name: string;
  /** Has not ended. */
  #parent: TaskNode | undefined;
  #children: Set<TaskNode> | undefined;
  /** Created on first use; that of every task that begins after the process has used one. */
  #scope: Scope | undefined;

  constructor(name: string, parent: TaskNode | undefined, isShielded: boolean) {
    this.name = name;
    this.#parent = parent;
    if (isShielded) shielded.add(this);
    parent?.addChild(this);
  }

  abstract readonly id: number;
  /** That of its executor. */
  protected abstract get clock(): Clock;
  abstract abort(reason?: unknown): void;
  /** The reason of its abort; `undefined` when it was not aborted. */
  protected abstract get abortion(): { readonly error: unknown } | undefined;

  /** The task that it is aborted with. */
  get parent(): TaskNode | undefined {
    return this.#parent;
  }

  /** What its function runs in. */
  get scope(): Scope {
    if (this.#scope === undefined) {
      this.#scope = new Scope(this.name, this.clock, undefined);
      this.cancelScope();
    }
    return this.#scope;
  }

  get signal(): AbortSignal {
    return this.scope.signal;
  }

  /** Whether the calling code runs in this task, under a shield. */
  get isShielding(): boolean {
    return this.#scope !== undefined && isShieldedWithin(currentScope(), this.#scope);
  }

  /** Whether the calling code runs in the scope of this task: its waits need no signal. */
  get isAmbient(): boolean {
    return this.#scope !== undefined && isWithin(currentScope(), this.#scope);
  }

  /** @throws `CancelledError` when it was aborted, unless the caller is under a shield in it, and in a scope that has ended. */
  throwIfAborted(): void {
    const own = this.abortion === undefined ? undefined : this.scope;
    const error = (this.isAmbient ? currentScope() : own)?.cancelled;
    if (error !== undefined) throw error;
  }

  /** Ends the waits of an aborted task. */
  protected cancelScope(): void {
    const { abortion } = this;
    if (abortion !== undefined) this.#scope?.cancel(abortion.error);
  }

  /** Names it on stderr when its function has not ended some time after its abort. */
  protected expectEnd(): void {
    this.scope.expectEnd(() => 'its function', `task "${this.name}"`);
  }

  protected addChild(child: TaskNode): void {
    this.#children ??= new Set();
    this.#children.add(child);
  }

  protected removeChild(child: TaskNode): void {
    this.#children?.delete(child);
  }

  protected abortChildren(reason: unknown): void {
    if (this.#children === undefined) return;
    for (const child of this.#children) if (!shielded.has(child)) child.abort(reason);
  }

  /** Leaves the tree; its children become its parent's, so that no task keeps its ancestors alive. */
  protected leaveTree(): void {
    const parent = this.#parent;
    const children = this.#children;
    this.#parent = undefined;
    this.#children = undefined;
    this.#scope?.end();
    parent?.removeChild(this);
    if (children === undefined) return;
    for (const child of children) {
      child.#parent = parent;
      parent?.addChild(child);
    }
  }
}
