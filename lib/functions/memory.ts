/** Memory of the function that takes delivery events, in MB. */
export const EVENTS_MEMORY_MB = 256;
