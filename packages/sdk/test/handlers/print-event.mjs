/** What arrived, for a test that reads the log. */
export const handler = async (event) => {
  console.log(JSON.stringify(event));
};
