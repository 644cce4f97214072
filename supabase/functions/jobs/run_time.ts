/** How long a run of a job that calls providers begins new work; what is under way then still ends in the platform's time. */
export const runMs = 45_000;

/** How long such a run waits for what falls due soon, instead of ending. */
export const maxWaitMs = 20_000;
