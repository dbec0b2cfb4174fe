// Files that are dropped or chosen, folders included.

/** @param {DataTransfer} transfer @returns {Promise<File[]>} all files, those in folders too */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return usable([...transfer.files]);
  const files = [];
  for (const entry of entries) await gather(entry, files);
  return usable(files);
}

/** @param {File[]} files @returns {File[]} without hidden files, which systems put into folders */
export function usable(files) {
  return files.filter((file) => !file.name.startsWith(".") && file.name !== "Thumbs.db" && file.name !== "desktop.ini");
}

async function gather(entry, files) {
  if (entry.isFile) {
    files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const found = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!found.length) return; // the reader gives at most 100 at once
    for (const inner of found) await gather(inner, files);
  }
}
