import { Module } from '@nestjs/common';
import { BoardService } from './board.service.js';
import { TallyService } from './tally.service.js';

@Module({
  providers: [BoardService, TallyService],
  exports: [BoardService, TallyService],
})
export class BoardModule {}
