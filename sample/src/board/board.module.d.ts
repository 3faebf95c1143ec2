export declare class BoardModule {}
