/** No plan has more pollers, and judges look at so many. */
export const POLLERS = 10;
