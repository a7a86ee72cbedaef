// Names instead of hashes of paths: the same source gives the same bytes in every checkout.
module.exports = { optimization: { moduleIds: 'named', chunkIds: 'named' } };
