import { lockContract } from './contract.js';
import { redis } from './engines.js';

lockContract(redis);
