export declare class OrdersModule {}
