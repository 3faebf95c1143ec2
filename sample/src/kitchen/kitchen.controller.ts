import { Controller, Get } from '@nestjs/common';
import { type Baked, KitchenService } from './kitchen.service.js';

@Controller('kitchen')
export class KitchenController {
  constructor(private readonly kitchen: KitchenService) {}

  @Get()
  baked(): Promise<Baked> {
    return this.kitchen.baked();
  }
}
