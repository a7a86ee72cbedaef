// Names instead of hashes of paths, and links left as they are: the same source gives the same
// bytes in every checkout, wherever its node_modules lies.
module.exports = {
  optimization: { moduleIds: 'named', chunkIds: 'named' },
  resolve: { symlinks: false }
};
