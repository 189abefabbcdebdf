/** The mark: two wings over a bar, one short life on a time line. */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d="M8 9.5C6 4.5 3.4 2.4 1 2.2c.2 3.6 2.8 6.6 7 7.3Z" />
    <path d="M8 9.5c2-5 4.6-7.1 7-7.3-.2 3.6-2.8 6.6-7 7.3Z" class="far" />
    <path d="M3 12.5h10v1.6H3z" />
  </svg>
);
