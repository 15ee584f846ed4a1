import { lockContract } from './contract.js';
import { postgresql } from './engines.js';

lockContract(postgresql);
