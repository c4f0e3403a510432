/** Protocols of several hosts, right and with bugs planted: what the simulation finds, and whether it cries wolf. */

import { chat } from './chat.ts';
import { jobs } from './jobs.ts';
import { raft } from './raft.ts';
import { resp } from './resp.ts';
import { tryProtocol } from './trial.ts';

for (const protocol of [chat, jobs, raft, resp]) tryProtocol(protocol);
